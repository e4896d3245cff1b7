// What hashicorp/hcl does with the files of the benchmark and of the differential test.
//
//	hcl measure TASK FILE   does the task until it is warm, then prints ms of CPU time of one call and what came of it
//	hcl values              reads JSON lines {"text"}, answers each with {"values"} or {"problem"}
package main

import (
	"fmt"
	"os"
)

func main() {
	err := fmt.Errorf("usage: hcl measure TASK FILE | hcl values")
	switch {
	case len(os.Args) == 4 && os.Args[1] == "measure":
		err = measure(os.Args[2], os.Args[3])
	case len(os.Args) == 2 && os.Args[1] == "values":
		err = answerValues(os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
