// Package houserules holds the rules that the packages of this module keep among themselves, as tests.
package houserules
