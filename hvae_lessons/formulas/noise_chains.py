"""Independent noise that enters a deterministic path, level by level."""

from hvae_lessons.checks import Shown, call, check_event, check_length, check_square, expect


def noise_states(decoders, gains, z):
    r"""The deterministic path of N1: all the noise that has come in at level l or above.

    $$h_L = G_L z_L, \qquad h_l = \mathrm{decoder}_{l+1}(h_{l+1}) + G_l z_l$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `decoders` | L - 1 callables | decoders[l - 1] maps h_l+1 to the mean of h_l |
    | `gains` | L of [Z_l, Z_l] | G_l |
    | `z` | L of [..., Z_l] | noise, from the data upwards |
    | returns | L of [..., Z_l] | h_1, ..., h_L |

    Raises: ValueError if the lists do not fit.
    Source: N1, the structure of h.
    """
    expect(isinstance(z, tuple | list), "z", "a tuple of tensors", Shown(z))
    expect(len(z) >= 1, "z", "one level or more", len(z))
    check_length("decoders", decoders, len(z) - 1, "levels")
    check_length("gains", gains, len(z), "levels")
    for part, gain in zip(z, gains):
        check_event(z=part)
        check_square("gains", gain, part.shape[-1])
    states = [z[-1] @ gains[-1].transpose(-1, -2)]
    for l in reversed(range(len(z) - 1)):
        mean = call("decoders", decoders[l], h=states[-1])
        check_event(z=z[l], decoders=mean)
        states.append(mean + z[l] @ gains[l].transpose(-1, -2))
    return tuple(reversed(states))
