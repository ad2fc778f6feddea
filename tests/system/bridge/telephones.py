"""What telephones do when they are called."""

HOTLINE = "02367000000"
PICKS_UP = ["Answer", "Wait(20)"]
RINGS = ["Ringing", "Wait(20)"]
