"""Requests to endpoints: addresses and keys, consent, spending, pace and retries, the exchange."""
