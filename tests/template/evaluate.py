"""What CloudFormation makes of a template's functions for given parameters. What it can't know before it deploys, such as the
name of a resource, stays as it is."""

import re

NOTHING = {"Ref": "AWS::NoValue"}


class Deployment:
    """A template with values for its parameters: those that are given, and the defaults of the others."""

    def __init__(self, document, **given):
        unknown = given.keys() - document["Parameters"].keys()
        assert not unknown, f"there is no parameter {unknown}"
        self.document = document
        self.values = {name: given.get(name, one.get("Default")) for name, one in document["Parameters"].items()}

    def holds(self, condition):
        return self.truth(self.document["Conditions"][condition])

    def truth(self, value):
        match value:
            case {"Fn::Equals": [left, right]}:
                return str(self.value(left)) == str(self.value(right))
            case {"Fn::Not": [one]}:
                return not self.truth(one)
            case {"Fn::And": [_, _, *_]}:
                return all(map(self.truth, value["Fn::And"]))
            case {"Fn::Or": [_, _, *_]}:
                return any(map(self.truth, value["Fn::Or"]))
            case {"Condition": str(name)} if len(value) == 1:
                return self.holds(name)
        raise ValueError(f"{value} is no condition")

    def value(self, value):
        """`value` with every function in it evaluated; what comes to nothing is left out."""
        match value:
            case {"Ref": name} if name in self.values:
                return self.values[name]
            case {"Fn::If": [condition, yes, no]}:
                return self.value(yes if self.holds(condition) else no)
            case {"Fn::Split": [separator, text]}:
                return self.value(text).split(separator)
            case {"Fn::Sub": [text, own]}:
                return self.text(text, {name: self.value(one) for name, one in own.items()})
            case {"Fn::Sub": str(text)}:
                return self.text(text, {})
            case dict():
                return {key: one for key, one in ((k, self.value(v)) for k, v in value.items()) if one != NOTHING}
            case list():
                return [one for one in map(self.value, value) if one != NOTHING]
        return value

    def text(self, text, own):
        known = self.values | own
        whole = re.sub(r"\$\{(\w+)\}", lambda found: str(known.get(found[1], found[0])), text)
        return {"Fn::Sub": whole} if "${" in whole else whole
