"""Judges an exported file: judge.py kubernetes|compose FILE. Prints what it holds, one thing a line; fails on
what the engine does not know, unknown keys too."""
import sys

import yaml

# Where the namespace's rules, policies and probes that are used here are all stable.
KUBERNETES = "1.31"

kind, path = sys.argv[1:]
text = open(path, encoding="utf-8").read()
if kind == "kubernetes":
    import kubernetes_validate

    for document in filter(None, yaml.safe_load_all(text)):
        kubernetes_validate.validate(document, KUBERNETES, strict=True)
        print(document["kind"], document["metadata"]["name"])
else:
    import compose_spec

    stack = compose_spec.PyCompose.from_yaml(text)
    stack.validate()
    print("\n".join(stack.service_names()))
