package gulp

import "strings"

// Program adds what a program of the project's own serves, as package record has seen it.
func (s *Serving) Program(p *Plan) {
	if p.Top == nil {
		return
	}
	for _, a := range p.Top.Actions {
		if server, ok := a.(*Server); ok {
			s.readServer(server)
		}
	}
}

// Below makes folders that are absolute and lie in the project relative to it.
func (s *Serving) Below(dir string) {
	for i, root := range s.Roots {
		s.Roots[i] = below(dir, root)
	}
	for prefix, folder := range s.Routes {
		s.Routes[prefix] = below(dir, folder)
	}
	s.Index = s.inRoot(s.Index)
}

func below(dir, name string) string {
	if name == dir {
		return "."
	}
	return strings.TrimPrefix(name, strings.TrimSuffix(dir, "/")+"/")
}

// inRoot returns a page's path in the folder that serves it.
func (s *Serving) inRoot(page string) string {
	for _, root := range s.Roots {
		if rel, ok := strings.CutPrefix(page, root+"/"); ok {
			return rel
		}
	}
	return page
}

// readWebpack takes the folder of the scripts that webpack's server makes and those beside.
func (s *Serving) readWebpack(a *Server) {
	for _, v := range a.Options {
		op, ok := v.(*Op)
		if !ok || len(op.Args) == 0 {
			continue
		}
		config, _ := op.Args[0].(*Object)
		output, _ := config.Get("output").(*Object)
		at, _ := output.Get("publicPath").(string)
		if !strings.HasPrefix(at, "/") {
			at = "/"
		}
		s.addStatic(at, orFirst(output.Get("path"), "dist"))
	}
	for _, v := range a.Options {
		o, _ := v.(*Object)
		s.addRoots(o.Get("contentBase"))
		switch static := o.Get("static").(type) {
		case *Object:
			s.addRoots(static.Get("directory"))
		default:
			s.addRoots(static)
		}
	}
}
