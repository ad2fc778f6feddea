"""The board: who calls, what is open, what needs me."""
