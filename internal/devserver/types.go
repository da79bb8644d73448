package devserver

// typeBySuffix returns the media type of a lower-case suffix, as the registry of IANA and
// the standards of the web name it.
func typeBySuffix(suffix string) (string, bool) {
	kind, ok := textTypes(suffix)
	if ok {
		return kind + "; charset=utf-8", true
	}
	return binaryTypes(suffix)
}

func textTypes(suffix string) (string, bool) {
	switch suffix {
	case ".html", ".htm":
		return "text/html", true
	case ".css":
		return "text/css", true
	case ".js", ".mjs", ".cjs":
		return "text/javascript", true
	case ".json", ".map", ".topojson":
		return "application/json", true
	case ".webmanifest":
		return "application/manifest+json", true
	case ".jsonld":
		return "application/ld+json", true
	case ".geojson":
		return "application/geo+json", true
	case ".txt", ".text", ".log", ".ini", ".conf", ".tsx", ".jsx", ".coffee", ".less", ".scss", ".sass", ".styl", ".vue", ".svelte":
		return "text/plain", true
	case ".md", ".markdown":
		return "text/markdown", true
	case ".csv":
		return "text/csv", true
	case ".ics":
		return "text/calendar", true
	case ".vcf":
		return "text/vcard", true
	case ".vtt":
		return "text/vtt", true
	case ".xml", ".xsl", ".xslt":
		return "text/xml", true
	case ".xhtml", ".xht":
		return "application/xhtml+xml", true
	case ".svg":
		return "image/svg+xml", true
	case ".atom":
		return "application/atom+xml", true
	case ".rss":
		return "application/rss+xml", true
	case ".yaml", ".yml":
		return "application/yaml", true
	case ".toml":
		return "application/toml", true
	case ".gltf":
		return "model/gltf+json", true
	case ".appcache":
		return "text/cache-manifest", true
	}
	return "", false
}

func binaryTypes(suffix string) (string, bool) {
	if kind, ok := imageTypes(suffix); ok {
		return kind, true
	}
	if kind, ok := mediaTypes(suffix); ok {
		return kind, true
	}
	switch suffix {
	case ".wasm":
		return "application/wasm", true
	case ".woff2":
		return "font/woff2", true
	case ".woff":
		return "font/woff", true
	case ".ttf":
		return "font/ttf", true
	case ".otf":
		return "font/otf", true
	case ".eot":
		return "application/vnd.ms-fontobject", true
	case ".pdf":
		return "application/pdf", true
	case ".zip":
		return "application/zip", true
	case ".gz", ".tgz":
		return "application/gzip", true
	case ".zst":
		return "application/zstd", true
	case ".br", ".bin", ".data", ".exe", ".dmg", ".iso":
		return "application/octet-stream", true
	case ".tar":
		return "application/x-tar", true
	case ".7z":
		return "application/x-7z-compressed", true
	case ".glb":
		return "model/gltf-binary", true
	}
	return "", false
}

func imageTypes(suffix string) (string, bool) {
	switch suffix {
	case ".png":
		return "image/png", true
	case ".apng":
		return "image/apng", true
	case ".jpg", ".jpeg", ".jfif":
		return "image/jpeg", true
	case ".gif":
		return "image/gif", true
	case ".webp":
		return "image/webp", true
	case ".avif":
		return "image/avif", true
	case ".jxl":
		return "image/jxl", true
	case ".ico", ".cur":
		return "image/x-icon", true
	case ".bmp":
		return "image/bmp", true
	case ".tif", ".tiff":
		return "image/tiff", true
	case ".heic":
		return "image/heic", true
	}
	return "", false
}

func mediaTypes(suffix string) (string, bool) {
	switch suffix {
	case ".mp4", ".m4v":
		return "video/mp4", true
	case ".webm":
		return "video/webm", true
	case ".ogv":
		return "video/ogg", true
	case ".mov":
		return "video/quicktime", true
	case ".m3u8":
		return "application/vnd.apple.mpegurl", true
	case ".mpd":
		return "application/dash+xml", true
	case ".mp3":
		return "audio/mpeg", true
	case ".m4a":
		return "audio/mp4", true
	case ".aac":
		return "audio/aac", true
	case ".ogg", ".oga", ".opus":
		return "audio/ogg", true
	case ".wav":
		return "audio/wav", true
	case ".flac":
		return "audio/flac", true
	case ".mid", ".midi":
		return "audio/midi", true
	}
	return "", false
}
