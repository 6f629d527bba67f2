"""What bridges, source lines and capacitive lines draw from the supply, in closed form."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def bridge_energy_j(bridge_ohm: ArrayLike, vdd_v: float, on_s: float) -> NDArray[np.float64]:
    """What bridges draw while their word line is up: VDD^2 t_on / (T' + B'), J [D].

    Parameters
    ----------
    bridge_ohm : array_like
        T' + B' of each bridge, access resistances included, ohm, above 0.
    on_s : float
        Time that word line and bit lines are up, s.
    """
    return vdd_v**2 * on_s / np.asarray(bridge_ohm, dtype=np.float64)


def sl_energy_j(
    start_v: ArrayLike, settled_v: ArrayLike, sl_capacitor_f: float
) -> NDArray[np.float64]:
    """What SLs draw from the high bit line on their way to the settled voltage, J.

    The charge C (V - V_0) divides between both sides of the bridge by conductance, and the side of
    the high line has the part V / VDD of it: C (V - V_0) V [D]; negative where SL falls, because
    it then takes the place of the bridge's own current. A change up and back costs C (V - V_0)^2.
    """
    settled = np.asarray(settled_v, dtype=np.float64)
    change = settled - np.asarray(start_v, dtype=np.float64)
    return np.asarray(sl_capacitor_f * change * settled)


def line_energy_units(
    before: ArrayLike, after: ArrayLike, risen: ArrayLike, total: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """What the raised plates of one floating line draw in a change of plates, in C VDD^2.

    By charge conservation the line moves by VDD (after - before) / total, and every plate that
    stands at VDD supplies the charge of its own capacitor [D]: risen - after (after - before) /
    total. Negative where plates give charge back.

    Parameters
    ----------
    before, after : array_like
        Capacitance of the plates at VDD, in unit capacitors.
    risen : array_like
        That of the plates which go from 0 to VDD.
    total : float or ndarray
        All that hangs on the line, `neuron.line_units`.
    """
    high = np.asarray(after, dtype=np.float64)
    change = high - np.asarray(before, dtype=np.float64)
    return np.asarray(risen, dtype=np.float64) - high * change / total


def evaluation_units(
    plus: ArrayLike, fan_in: int, total: float, bank_bits: int
) -> NDArray[np.float64]:
    """What both lines draw in one evaluation, in C VDD^2, capacitors without mismatch.

    Parameters
    ----------
    plus : array_like of int
        m, columns at product +1, 0 to `fan_in`.
    total : float
        `neuron.line_units`.
    bank_bits : int
        K of a COUNT read-out; 0 for SIGN. Its trials are played through as an ideal chip decides
        them: the first code is set as evaluate rises, each further one from the one before.
    """
    count = np.asarray(plus)
    columns = (count, fan_in - count)
    if bank_bits == 0:
        return sum((line_energy_units(0, m, m, total) for m in columns), np.zeros(count.shape))
    score = 2 * count - fan_in
    kept = np.zeros_like(count)
    drawn = np.zeros(count.shape)
    codes = (np.zeros_like(count), np.zeros_like(count))
    for trial in range(bank_bits):
        attempt = kept | 1 << (bank_bits - 1 - trial)
        next_codes = (2**bank_bits - attempt, attempt)
        for m, code, next_code in zip(columns, codes, next_codes, strict=True):
            already = 0 if trial == 0 else m
            drawn += line_energy_units(
                already + code, m + next_code, m - already + (next_code & ~code), total
            )
        codes = next_codes
        kept = np.where(score + 2**bank_bits - 2 * attempt > 0, attempt, kept)
    return drawn


def share_units(at_vdd: ArrayLike, total: float) -> NDArray[np.float64]:
    """What the raised plates of one line supply during the shares of a row, in C VDD^2.

    A holding capacitor as large as all that hangs on the line, cleared before the first plane,
    takes the line to the mean of both voltages in each share [P]; the raised plates' charge follows
    the line [D].

    Parameters
    ----------
    at_vdd : array_like, shape (k, ...)
        Capacitance of the plates at VDD in each bit plane, least significant first, in unit
        capacitors.
    total : float
        All that hangs on the line, `neuron.line_units`.

    Returns
    -------
    ndarray of float64, shape (...)
    """
    plates = np.asarray(at_vdd, dtype=np.float64)
    held = np.zeros(plates.shape[1:])
    drawn = np.zeros(plates.shape[1:])
    for raised in plates:
        before = raised / total
        held = (held + before) / 2
        drawn += raised * (before - held)
    return drawn
