"""Police, fire brigade, ambulance, traffic accidents: numbers for people to dial, never for a robot."""

import re

NUMBERS = ("110", "119", "120", "122")  # GB/T national short numbers

_ONE = f"(?:{'|'.join(NUMBERS)})"
# As they are, from elsewhere (an area code before them), and with the country's code.
_WRITTEN = re.compile(rf"0?{_ONE}|0\d{{2,3}}{_ONE}|86{_ONE}|(?:\+|00)86(?:0?[1-9]\d{{1,2}})?{_ONE}")


def is_emergency_service(number: str) -> bool:
    """Whether people in need are answered there, however the number is written."""
    return _WRITTEN.fullmatch(number) is not None
