"""A Telegram on this machine: the world, its people, the Bot API server (these import nothing else of `bot`),
and on top of them the stage, the seed and the page that play the real bot against it."""
