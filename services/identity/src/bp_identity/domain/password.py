"""What a password must be (NIST SP 800-63B-4): long enough, not among the first that attackers try, nothing else."""

from __future__ import annotations

import unicodedata

from bp_kit.errors import Refused

MIN_LENGTH = 12
MAX_LENGTH = 256
# Words whose repetition or continuation with digits makes most of the long entries of leaked lists.
_STEMS = (
    "password", "passw0rd", "motdepasse", "contrasena", "azerty", "qwerty", "welcome", "bienvenue", "bienvenido",
    "administrator", "letmein", "iloveyou", "changeme", "interpol", "police", "bluepacific", "pacific", "secret",
)  # fmt: skip
_RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1q2w3e4r5t6y7u8i9o0p")
_RUN = 5


def normalise(password: str) -> str:
    """Returns the password as it is hashed: Unicode NFKC, so that every keyboard's way to type it is the same."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, *, own_words: tuple[str, ...] = ()) -> None:
    """Refuses a password that is too short, too long or easily guessed.

    Args:
        password: As typed.
        own_words: The person's id, names and e-mail address, which must not make up most of it.

    Raises:
        Refused: PASSWORD_LENGTH, PASSWORD_COMMON.
    """
    normal = normalise(password)
    if not MIN_LENGTH <= len(normal) <= MAX_LENGTH:
        raise Refused("PASSWORD_LENGTH", field="new_password", min=MIN_LENGTH, max=MAX_LENGTH)
    if _is_common(normal.casefold(), own_words):
        raise Refused("PASSWORD_COMMON", field="new_password")


def _is_common(password: str, own_words: tuple[str, ...]) -> bool:
    if len(set(password)) < 5:  # noqa: PLR2004 - `aaaaaaaaaaaa`, `abababababab`
        return True
    rest = _without_runs(password)
    for word in (*_STEMS, *(word.casefold() for word in own_words if len(word) > 3)):  # noqa: PLR2004 - short words are everywhere
        rest = rest.replace(word, "")
    letters = sum(character.isalpha() for character in rest)
    # Nothing of its own is left but digits and marks: `Password2026!!`.
    return rest != password and letters < 4  # noqa: PLR2004


def _without_runs(password: str) -> str:
    """Returns what is left without neighbours on the keyboard, in the alphabet or among the digits, either way."""
    rest, index = "", 0
    while index < len(password):
        length = _RUN
        while index + length <= len(password) and _is_run(password[index : index + length]):
            length += 1
        taken = length - 1 if length > _RUN else 0
        rest += "" if taken else password[index]
        index += taken or 1
    return rest


def _is_run(piece: str) -> bool:
    return any(piece in run or piece[::-1] in run for run in _RUNS)
