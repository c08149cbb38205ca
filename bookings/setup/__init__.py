"""The guided set-up: from an empty clinic to times that patients can book."""
