// Package process tells what this process has used, and starts other programs so that all of them can be ended.
package process
