"""A generator of small collections of invented documents whose copies are known.

`python -m corpus make OUT --documents N --seed S` writes them; README.md beside this file says what is in them.
"""
