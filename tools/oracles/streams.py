"""The random numbers of the oracles, as internal/oracle draws them in Go, and a checksum of arrays."""
import numpy as np

MASK = (1 << 64) - 1


class Stream:
    """splitmix64 from a seed"""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
        return z ^ z >> 31

    def unit(self):
        return (self.next() >> 40) * 2.0 ** -24

    def symmetric(self, shape):
        return np.array([2 * self.unit() - 1 for _ in range(int(np.prod(shape)))], dtype=np.float32).reshape(shape)


def checksum(a):
    bits = np.ascontiguousarray(a, dtype=np.float32).view(np.uint32).ravel()
    return "%016x" % (sum(int(b) * (2 * i + 1) for i, b in enumerate(bits)) & MASK)
