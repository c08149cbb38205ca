"""Two people can never get the same time: everybody at once, by every path, with faults.

How to read it, from what is judged to how it is done:

- `history`: the judge. Pure; knows slots that are free or somebody's, and nothing else.
- `operations`: what clients note of each thing they did.
- `projection`: from these notes to one history per slot.
- `checks`: all judgements on a run; `evidence`: what they are given.
- `api_client`, `browser`, `receptionist`, `manager`: who acts, each with a table of paths.
- `nemesis`: what goes wrong meanwhile, by a timetable.
- `world`, `arena`, `insiders`, `run`: the small clinic, its processes, and one run.
- `broken`: the product without its safety, to see that all this would notice.

A new way to book is one line in the table of whoever takes it.
"""
