package main

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"
)

// The blocks of the benchmark's files, with the types and the required attributes that Fly gives them.
var eggs = hcldec.ObjectSpec{
	"egg": &hcldec.BlockMapSpec{TypeName: "egg", LabelNames: []string{"name"}, Nested: hcldec.ObjectSpec{
		"type": required("type", cty.String),
		"cloud": block("cloud", hcldec.ObjectSpec{
			"provider": required("provider", cty.String),
			"region":   optional("region", cty.String),
			"spot":     optional("spot", cty.String),
			"zones":    optional("zones", cty.List(cty.String)),
			"subnet":   optional("subnet", cty.String),
		}),
		"resources": block("resources", hcldec.ObjectSpec{
			"cpu":    optional("cpu", cty.Number),
			"memory": optional("memory", cty.String),
			"disk":   optional("disk", cty.String),
		}),
		"runner": block("runner", hcldec.ObjectSpec{
			"tags":             optional("tags", cty.List(cty.String)),
			"concurrent":       optional("concurrent", cty.Number),
			"idle_timeout":     optional("idle_timeout", cty.String),
			"locked":           optional("locked", cty.Bool),
			"image":            optional("image", cty.String),
			"pre_build_script": optional("pre_build_script", cty.String),
		}),
		"gitlab": &hcldec.BlockSpec{TypeName: "gitlab", Required: true, Nested: hcldec.ObjectSpec{
			"server":       optional("server", cty.String),
			"project_id":   optional("project_id", cty.Number),
			"token_secret": optional("token_secret", cty.String),
		}},
		"environment": &hcldec.BlockAttrsSpec{TypeName: "environment", ElementType: cty.String},
	}},
}

var context = &hcl.EvalContext{Variables: map[string]cty.Value{
	"egg": cty.ObjectVal(map[string]cty.Value{"name": cty.StringVal("an-egg")}),
}}

func block(name string, nested hcldec.ObjectSpec) hcldec.Spec {
	return &hcldec.BlockSpec{TypeName: name, Nested: nested}
}

func required(name string, of cty.Type) hcldec.Spec {
	return &hcldec.AttrSpec{Name: name, Type: of, Required: true}
}

func optional(name string, of cty.Type) hcldec.Spec {
	return &hcldec.AttrSpec{Name: name, Type: of}
}
