"""catalogue.py - the Swahili of what the programs say, as conf/lang/sw.po has it."""
import os
import re

from lab import TOP

PO = os.path.join(TOP, "conf", "lang", "sw.po")


def texts(po):
    """English to Swahili, as C strings have them."""
    found = {}
    for english, swahili in re.findall(r'^msgid ((?:".*"\n)+)msgstr ((?:".*"\n)+)', po, re.M):
        key, text = ("".join(re.findall(r'"(.*)"', part)) for part in (english, swahili))
        if key:
            found[key] = text
    return found


def catalogue():
    with open(PO, encoding="utf-8") as file:
        return texts(file.read())
