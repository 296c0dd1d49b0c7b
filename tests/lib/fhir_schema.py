"""fhir_schema.py FULL OUT - of HL7's JSON schema of FHIR R4 (fhir.schema.json; HL7 gives FHIR into the public domain, CC0) what the
resources that `pamoja export` writes need, so that a test has it at hand without a network. As it is given out it is no JSON schema that
a validator takes: `discriminator` and `id` are left out, and what it only describes keeps no text."""
import json
import sys

KEPT = ("Bundle", "Patient", "Encounter", "ServiceRequest", "Task", "Consent", "Goal", "CareTeam", "QuestionnaireResponse", "Provenance")


def used(node, definitions, found):
    if isinstance(node, dict):
        name = node.get("$ref", "").rpartition("/")[2]
        if name == "ResourceList":
            name = ""
        if name and name not in found:
            found.add(name)
            used(definitions[name], definitions, found)
        for value in node.values():
            used(value, definitions, found)
    elif isinstance(node, list):
        for value in node:
            used(value, definitions, found)


def plain(node):
    if isinstance(node, dict):
        return {name: plain(value) for name, value in node.items() if not (name == "description" and isinstance(value, str)) and name != "discriminator"}
    return [plain(value) for value in node] if isinstance(node, list) else node


def main(full, out):
    with open(full, encoding="utf-8") as file:
        schema = json.load(file)
    definitions = schema["definitions"]
    found = set(KEPT)
    for name in KEPT:
        used(definitions[name], definitions, found)
    kept = {name: plain(definitions[name]) for name in sorted(found)}
    for name, definition in kept.items():
        definition.get("properties", {}).pop("contained", None)  # we write none
        definition.get("properties", {}).pop("extension", None)
        definition.get("properties", {}).pop("modifierExtension", None)
        for extra in [key for key in definition.get("properties", {}) if key.startswith("_")]:
            del definition["properties"][extra]
    again = set(KEPT)
    for name in KEPT:
        used(kept[name], kept, again)
    kept = {name: kept[name] for name in sorted(again)}
    kept["ResourceList"] = {"oneOf": [{"$ref": f"#/definitions/{name}"} for name in KEPT]}
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"$schema": "http://json-schema.org/draft-06/schema#", "$ref": "#/definitions/Bundle", "definitions": kept}, file, separators=(",", ":"), sort_keys=True)
        file.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
