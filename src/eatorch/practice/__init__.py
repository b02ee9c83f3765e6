"""Practise in the terminal: ``python -m eatorch practice``.

The exercises of the lessons become small files in a folder of the learner's. Each time
one is saved, it runs in a process of its own and the answer is checked. A hint, the
solution and the progress are one key away.
"""
