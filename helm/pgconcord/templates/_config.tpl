{{/* pgconcord.yaml out of the values. YAML 1.1 reads a bare `off` as false, so false means off. */}}

{{- define "pgconcord.mode" -}}
{{- if kindIs "bool" . -}}{{- ternary "on" "off" . -}}{{- else -}}{{- . -}}{{- end -}}
{{- end -}}

{{/* An IPv6 address needs brackets before a port. */}}
{{- define "pgconcord.address" -}}
{{- $host := .host -}}
{{- if and (contains ":" $host) (not (hasPrefix "[" $host)) -}}{{- $host = printf "[%s]" $host -}}{{- end -}}
{{- printf "%s:%d" $host (int .port) -}}
{{- end -}}

{{/* Every pod is reached on its own address for probes and scrapes; the clients of a sidecar are in its pod. */}}
{{- define "pgconcord.listenHost" -}}
{{- default (ternary "127.0.0.1" "0.0.0.0" (eq .Values.deploy "sidecar")) .Values.bindAddress -}}
{{- end -}}
{{- define "pgconcord.adminHost" -}}
{{- if contains ":" .Values.bindAddress -}}[::]{{- else -}}0.0.0.0{{- end -}}
{{- end -}}

{{- define "pgconcord.listener" -}}
address: {{ include "pgconcord.address" (dict "host" (include "pgconcord.listenHost" .) "port" .Values.containerPorts.postgres) | quote }}
{{- if .Values.tls.enabled }}
tls:
  mode: {{ .Values.tls.mode }}
  cert: /etc/pgconcord-tls/tls.crt
  key: /etc/pgconcord-tls/tls.key
  {{- if .Values.tls.clientCa }}
  client_ca: /etc/pgconcord-tls/ca.crt
  {{- end }}
{{- end }}
{{- end -}}

{{- define "pgconcord.upstream" -}}
{{- $upstream := .Values.upstream -}}
address:
{{- range $upstream.addresses }}
  - {{ . | quote }}
{{- else }}
  - {{ include "pgconcord.address" (dict "host" (required "upstream.host: name the PostgreSQL server, as in --set upstream.host=postgres.example.svc" $upstream.host) "port" $upstream.port) | quote }}
{{- end }}
{{- if or (ne $upstream.tls.mode "disable") $upstream.tls.caSecret $upstream.tls.clientSecret }}
tls:
  mode: {{ $upstream.tls.mode }}
  {{- if $upstream.tls.caSecret }}
  ca: /etc/pgconcord-upstream-ca/{{ $upstream.tls.caKey }}
  {{- end }}
  {{- if $upstream.tls.clientSecret }}
  cert: /etc/pgconcord-upstream-client/tls.crt
  key: /etc/pgconcord-upstream-client/tls.key
  {{- end }}
{{- end }}
{{- end -}}

{{/* A list from the map, by `order`, then by name. */}}
{{- define "pgconcord.policies" -}}
{{- $byOrder := dict -}}
{{- range $name, $body := .Values.policies -}}
{{- $policy := merge (dict "name" $name) (omit $body "order") -}}
{{- if hasKey $body "mode" -}}{{- $_ := set $policy "mode" (include "pgconcord.mode" $body.mode) -}}{{- end -}}
{{- $order := 1000 -}}
{{- if hasKey $body "order" -}}{{- $order = int $body.order -}}{{- end -}}
{{- $_ := set $byOrder (printf "%09d %s" $order $name) $policy -}}
{{- end -}}
{{- $list := list -}}
{{- range $key := keys $byOrder | sortAlpha -}}{{- $list = append $list (get $byOrder $key) -}}{{- end -}}
{{- toYaml (dict "policies" $list) -}}
{{- end -}}

{{- define "pgconcord.config" -}}
{{- $config := dict "version" 1 "mode" (include "pgconcord.mode" .Values.mode) -}}
{{- $_ := set $config "listen" (list (include "pgconcord.listener" . | fromYaml)) -}}
{{- $_ := set $config "upstream" (include "pgconcord.upstream" . | fromYaml) -}}
{{- $admin := dict "address" (include "pgconcord.address" (dict "host" (include "pgconcord.adminHost" .) "port" .Values.containerPorts.admin)) -}}
{{- if .Values.admin.existingSecret -}}
{{- $_ := set $admin "token_file" (printf "/etc/pgconcord-admin/%s" .Values.admin.tokenKey) -}}
{{- end -}}
{{- $_ := set $config "admin" $admin -}}
{{- $_ := set $config "workers" (int .Values.workers) -}}
{{- $_ := set $config "shutdown" (dict "drain" (printf "%ds" (int .Values.shutdown.drainSeconds))) -}}
{{- if .Values.policiesConfigMap -}}{{- $_ := set $config "include" (list "/etc/pgconcord-policies/*.yaml") -}}{{- end -}}
{{- if .Values.policies -}}
{{- $_ := set $config "policies" (get (include "pgconcord.policies" . | fromYaml) "policies") -}}
{{- end -}}
{{- $over := deepCopy .Values.config -}}
{{- if hasKey $over "mode" -}}{{- $_ := set $over "mode" (include "pgconcord.mode" $over.mode) -}}{{- end -}}
{{- toYaml (mustMergeOverwrite $config $over) -}}
{{- end -}}
