package main

// What the tests use of the program beside what it exports.
var (
	Main = main
	Run  = run
)
