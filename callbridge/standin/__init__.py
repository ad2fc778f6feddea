"""A stand-in for the exchange: Asterisk's Manager Interface and its event log, without a telephone and on a clock
that somebody moves, for rehearsing what takes hours or what a real exchange does rarely.
"""
