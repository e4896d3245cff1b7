// Test-only provider: one resource, CRUD over HTTP to a fake cloud that the test runs.
// The test decides what the cloud does (slow create, 500, lost answer, drift), the real tofu does the rest.
//
//	POST /instances {name,tags}         -> 201 {id,address}      GET /instances/:id -> 200 | 404 (gone = drift)
//	PUT  /instances/:id {name,tags}     -> 200                   DELETE /instances/:id -> 204 | 404
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	pschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type cloud struct{}

func (cloud) Metadata(_ context.Context, _ provider.MetadataRequest, r *provider.MetadataResponse) {
	r.TypeName = "fakecloud"
}
func (cloud) Schema(_ context.Context, _ provider.SchemaRequest, r *provider.SchemaResponse) {
	r.Schema = pschema.Schema{Attributes: map[string]pschema.Attribute{"endpoint": pschema.StringAttribute{Optional: true}}}
}
func (cloud) Configure(ctx context.Context, q provider.ConfigureRequest, r *provider.ConfigureResponse) {
	var c struct {
		Endpoint types.String `tfsdk:"endpoint"`
	}
	r.Diagnostics.Append(q.Config.Get(ctx, &c)...)
	ep := c.Endpoint.ValueString()
	if ep == "" {
		ep = os.Getenv("FAKECLOUD_ENDPOINT")
	}
	if ep == "" {
		r.Diagnostics.AddError("No endpoint", "set endpoint or FAKECLOUD_ENDPOINT")
	}
	r.ResourceData = ep
}
func (cloud) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &instance{} }}
}
func (cloud) DataSources(context.Context) []func() datasource.DataSource { return nil }

type instance struct{ ep string }
type model struct {
	ID       types.String `tfsdk:"id"`
	Name     types.String `tfsdk:"name"`
	Image    types.String `tfsdk:"image"`
	UserData types.String `tfsdk:"user_data"`
	Tags     types.Map    `tfsdk:"tags"`
	Address  types.String `tfsdk:"address"`
}

func (*instance) Metadata(_ context.Context, _ resource.MetadataRequest, r *resource.MetadataResponse) {
	r.TypeName = "fakecloud_instance"
}
func (*instance) Schema(_ context.Context, _ resource.SchemaRequest, r *resource.SchemaResponse) {
	keep := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	r.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":        schema.StringAttribute{Computed: true, PlanModifiers: keep},
		"address":   schema.StringAttribute{Computed: true, PlanModifiers: keep},
		"name":      schema.StringAttribute{Required: true},
		"image":     schema.StringAttribute{Optional: true, PlanModifiers: replace},
		"user_data": schema.StringAttribute{Optional: true, Sensitive: true, PlanModifiers: replace},
		"tags":      schema.MapAttribute{Optional: true, ElementType: types.StringType},
	}}
}
func (i *instance) Configure(_ context.Context, q resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if s, ok := q.ProviderData.(string); ok {
		i.ep = s
	}
}
func (i *instance) call(ctx context.Context, method, p string, m *model) (int, error) {
	var body io.Reader
	if m != nil && method != http.MethodGet {
		tags := map[string]string{}
		m.Tags.ElementsAs(ctx, &tags, false)
		b, _ := json.Marshal(map[string]any{"name": m.Name.ValueString(), "image": m.Image.ValueString(), "user_data": m.UserData.ValueString(), "tags": tags})
		body = bytes.NewReader(b)
	}
	q, err := http.NewRequestWithContext(ctx, method, i.ep+p, body)
	if err != nil {
		return 0, err
	}
	q.Header.Set("content-type", "application/json")
	s, err := http.DefaultClient.Do(q)
	if err != nil {
		return 0, err
	}
	defer s.Body.Close()
	b, _ := io.ReadAll(s.Body)
	if s.StatusCode == 404 {
		return 404, nil
	}
	if s.StatusCode >= 300 {
		return s.StatusCode, fmt.Errorf("%s %s: %d %s", method, p, s.StatusCode, b)
	}
	if m != nil && len(b) > 0 {
		var o struct{ ID, Address, Name string }
		if err := json.Unmarshal(b, &o); err != nil {
			return s.StatusCode, err
		}
		m.ID, m.Address = types.StringValue(o.ID), types.StringValue(o.Address)
		if method == http.MethodGet {
			m.Name = types.StringValue(o.Name)
		}
	}
	return s.StatusCode, nil
}
func (i *instance) Create(ctx context.Context, q resource.CreateRequest, r *resource.CreateResponse) {
	var m model
	r.Diagnostics.Append(q.Plan.Get(ctx, &m)...)
	if _, err := i.call(ctx, http.MethodPost, "/instances", &m); err != nil {
		r.Diagnostics.AddError("create failed", err.Error())
		return
	}
	r.Diagnostics.Append(r.State.Set(ctx, &m)...)
}
func (i *instance) Read(ctx context.Context, q resource.ReadRequest, r *resource.ReadResponse) {
	var m model
	r.Diagnostics.Append(q.State.Get(ctx, &m)...)
	code, err := i.call(ctx, http.MethodGet, "/instances/"+m.ID.ValueString(), &m)
	if err != nil {
		r.Diagnostics.AddError("read failed", err.Error())
		return
	}
	if code == 404 {
		r.State.RemoveResource(ctx)
		return
	}
	r.Diagnostics.Append(r.State.Set(ctx, &m)...)
}
func (i *instance) Update(ctx context.Context, q resource.UpdateRequest, r *resource.UpdateResponse) {
	var m model
	r.Diagnostics.Append(q.Plan.Get(ctx, &m)...)
	if code, err := i.call(ctx, http.MethodPut, "/instances/"+m.ID.ValueString(), &m); err != nil || code == 404 {
		r.Diagnostics.AddAttributeError(path.Root("id"), "update failed", fmt.Sprint(code, err))
		return
	}
	r.Diagnostics.Append(r.State.Set(ctx, &m)...)
}
func (i *instance) Delete(ctx context.Context, q resource.DeleteRequest, r *resource.DeleteResponse) {
	var m model
	r.Diagnostics.Append(q.State.Get(ctx, &m)...)
	if _, err := i.call(ctx, http.MethodDelete, "/instances/"+m.ID.ValueString(), nil); err != nil {
		r.Diagnostics.AddError("delete failed", err.Error())
	}
}

// A machine that no state knows: Read fills in what the cloud tells of it.
func (*instance) ImportState(ctx context.Context, q resource.ImportStateRequest, r *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), q, r)
}

func main() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return cloud{} },
		providerserver.ServeOpts{Address: "polar.test/polar/fakecloud"})
	if err != nil {
		log.Fatal(err)
	}
}
