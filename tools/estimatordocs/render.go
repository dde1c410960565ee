package main

import "io"

func render(io.Writer, Measurements) error { return nil }
