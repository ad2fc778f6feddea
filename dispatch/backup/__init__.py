"""Back from the dead: one file with everything that a centre cannot make again, and the way back from it.

In it: the database as it was at one moment, the recordings and messages that it names, `config.toml`, and a manifest.
Not in it: the secrets, unless a passphrase seals them; the exchange's own configuration and event log, which
`townline pbx configure` and the exchange itself make.
"""
