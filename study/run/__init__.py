"""``popbridge run`` as data: a request in, a result out, which the report reads back."""
