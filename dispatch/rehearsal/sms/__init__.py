"""The phone with the SIM card: the SMS Gateway app's local server, spoken both ways.

Written from the app's own documentation and source (github.com/capcom6/android-sms-gateway, version 1.68) and from
nothing of ours, so that every rehearsal is also a test of our gateway.
"""

from dispatch.rehearsal.sms.phone import SmsPhone

__all__ = ["SmsPhone"]
