"""Whose telephone is which."""

SILENT, WILLING = "+8613900000001", "+8613900000002"  # shops that write; the second says yes, and reports
DECLINES, COMES, RINGS = "+8613900000003", "+8613900000004", "+8613900000005"  # shops that are called
BUTTON, SUPERVISOR, DAUGHTER = "+8619800235004", "+8613600000001", "+8617700232004"
