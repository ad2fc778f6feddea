"""The exchange: its programs, its complete configuration, its life and its examination."""

from callbridge.exchange.desk import Exchange
from callbridge.exchange.phone import PhoneAccount, phone_account
from callbridge.exchange.tree import Tree

__all__ = ["Exchange", "PhoneAccount", "Tree", "phone_account"]
