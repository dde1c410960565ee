// Package pickle reads Python pickles as data.
//
// A pickle is a program for a stack machine that may import and call anything. This package runs the machine over plain
// values only: a class is a [Global], that is two strings, and what the program would call or instantiate becomes an
// [Object] that records the name and the arguments. Nothing is looked up, imported or executed.
//
// Protocols 2 to 5 are read, as Python's pickle module (2 and 3) and PyTorch write them. A str of Python 2 is a string
// that holds its bytes. Every length is compared with the bytes that are there before anything is allocated; the number
// of values is bounded; a value that contains itself, or nests deeper than MaxDepth, is an error. The same value may
// still stand in several places, so a walk over everything visits shared values more than once.
//
// The opcodes are documented in CPython's pickletools module, framing in PEP 3154.
package pickle
