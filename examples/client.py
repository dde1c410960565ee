"""Asks a running `bench301 serve` for accuracies. Needs Python's standard library only.

    python3 client.py [URL] < architectures.txt      (one a line, in any notation)
"""
import json
import sys
import urllib.error
import urllib.request


def query(architectures, url="http://127.0.0.1:8301", **options):
    """Returns a dict with accuracy, std and in_range for each architecture: a text in any notation, a list or a dict."""
    body = json.dumps({"architectures": architectures, **options}).encode()
    request = urllib.request.Request(url + "/v1/query", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["predictions"]
    except urllib.error.HTTPError as refusal:
        raise ValueError(json.load(refusal)["error"]) from None


def main():
    url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8301"
    lines = [line.strip() for line in sys.stdin if line.strip()]
    for p in query(lines, url):
        print(f'{p["id"]}  {p["accuracy"]:.3f} +- {p["std"]:.3f}{"" if p["in_range"] else "  out of range"}')


if __name__ == "__main__":
    main()
