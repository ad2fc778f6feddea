"""The exchange: its programs, its complete configuration, its life and its examination."""

from callbridge.exchange.desk import Exchange
from callbridge.exchange.examination import Problem
from callbridge.exchange.phone import PhoneAccount, phone_account
from callbridge.exchange.tree import Tree

__all__ = ["Exchange", "PhoneAccount", "Problem", "Tree", "phone_account"]
