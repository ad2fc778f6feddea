"""Rows become wire models, many at a time: a board of a hundred lines is a dozen statements.

What may be seen is decided by whoever selects the rows; here they are only told.
"""
