"""Results as data: requests in, records out; nothing is parsed or printed here."""
