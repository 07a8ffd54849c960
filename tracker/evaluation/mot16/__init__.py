"""The benchmark on MOTChallenge's sequences: MOT15, MOT16, MOT17, MOT20."""
