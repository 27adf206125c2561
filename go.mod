module dios

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/rogpeppe/go-internal v1.16.0
	golang.org/x/arch v0.32.0
	golang.org/x/mod v0.42.0
	golang.org/x/sys v0.49.0
	golang.org/x/term v0.47.0
	golang.org/x/tools v0.52.0
)

require golang.org/x/sync v0.24.0 // indirect

// Not ours to build from here: the assembled Go tree, what goes into it, and
// what make.bash makes.
ignore (
	./bin
	./build
	./goroot
	./src
)
