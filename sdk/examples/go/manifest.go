package main

// The manifest, twice: as an ELF note that the host reads without running any code, and embedded,
// for the SDK to say the same id and version (and for go build to notice that it changed).

// #cgo CFLAGS: -I${SRCDIR} "-I${SRCDIR}/../../include"
// #include <junctor/note.h>
// JN_MANIFEST_NOTE("manifest.json");
import "C"

import _ "embed"

//go:embed manifest.json
var manifest []byte
