"""Clients that do harm, each in one request only, so that the requests around it show whether the harm spreads.

They are candidates for any Python from 3.8 on, in process and behind a driver, and import nothing of wireproof. Each
class says what it does; what must come of that is in ``test_hostile``.
"""
