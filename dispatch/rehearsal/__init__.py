"""The rehearsal: a town of robots that calls, answers and presses keys, so that the whole line can be tried.

The robots are ordinary SIP and HTTP clients of a service that runs in a process of its own; nothing in the service
knows them.
"""
