// Package pipe answers questions of another program over standard input and output: JSON-RPC 2.0, a message a line.
//
// The program that asks keeps one process, and pays for starting it once. Requests are answered as they are finished;
// their ids say which is which. docs/protocol.md describes the methods.
package pipe
