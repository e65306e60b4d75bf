package MCPTest::AS;
# A fake authorization server on the loopback: metadata in the three well-known forms, a JWKS and an
# introspection endpoint (RFC 7662), each of which can be made to misbehave while it runs. It issues nothing: signed
# tokens come from MCPTest::JWT, and any text can be an opaque one.
#
#   my $as = MCPTest::AS->start(keys => [$key]);           # issuer http://127.0.0.1:PORT
#   my $as = MCPTest::AS->start(path => '/tenant', keys => [$key], forms => ['oidc_append'], metadata => {...});
#   $as->issuer; $as->jwks_path; $as->metadata_path('oauth'); $as->count($as->jwks_path);
#   $as->keys($new_key);                                   # another key set from now on
#   $as->behave(jwks => '500', metadata => 'slow:2');      # MCPTest::AS::Behaviour, or a reply of MCPTest::HTTP::Serve
#   $as->behave(jwks => undef);                            # well again, as 'ok'
#   $as->forms('oauth');                                   # which forms exist; the others are 404
#   $as->reply('/other' => { json => [] });
#   $as->down; $as->up;                                    # connection refused, and back again
#   my $as = MCPTest::AS->start(tls => 'good');            # issuer https://127.0.0.1:PORT; or a bad kind: MCPTest::TLS
#   $as->ca_file;                                          # for MCPCAFile: the good authority, whatever the kind
#   $as->peak($path);                                      # requests of a path at work at the same time, at most, since clear
#
# What behaves: metadata (all forms), oauth, oidc_insert, oidc_append (one form, wins), jwks, introspect.
#
#   $as->tokens({ $token => { active => \1, scope => 'a', exp => time + 60, _delay => 0.5 } });   # all that are active
#   $as->client(id => 'mcp', secret => $secret, method => 'basic');                      # or post; without: anybody may ask
#   $as->client(id => 'mcp', key => MCPTest::Key->get('P-256'), method => 'private_key_jwt', aud => [...]);
#   $as->introspection_path; $as->introspection_endpoint;
#   $as->asked($token); $as->asked;                        # how often about this token, and about any
#   $as->refusals;                                         # why requests there were answered 400 or 401
#
# A token nobody has named is {"active":false}. _delay is in seconds, for this token alone. An assertion must be for the issuer
# and nobody else, unless aud names others. The record of a request (requests, last_request) has its form and refused.
#
# With tls a private httpd (MCPTest::Httpd) stands in front, and what is broken on the way comes as mod_proxy makes it of that.
# port is that of the plain server behind.
#
# From outside: POST /_control with JSON of the state's members to change (behave, forms, jwks, replies).

use v5.36;
use parent 'MCPTest::Listener';
use Fcntl ':flock';
use MCPTest::AS::Behaviour qw(is_known reply_for);
use MCPTest::AS::Client qw(form_of refusal);
use MCPTest::HTTP::Serve qw(read_request send_reply);
use MCPTest::Httpd;
use MCPTest::Key;
use MCPTest::Reader;
use MCPTest::TLS;
use MCPTest::Util qw(free_port json_data json_text keep_secret);

my %BEHAVES = map { $_ => 1 } qw(metadata oauth oidc_insert oidc_append jwks introspect);

sub first_state ($self) {
    return {
        behave   => {},
        forms    => $self->{forms} // [qw(oauth oidc_insert oidc_append)],
        jwks     => { keys => [ map { ref $_ eq 'HASH' ? $_ : $_->jwk } @{ $self->{keys} // [] } ] },
        metadata => $self->{metadata} // {},
        replies  => {},
        tokens   => {},
    };
}

sub url ($self)     { return $self->{tls} ? "https://127.0.0.1:$self->{tls_port}" : $self->SUPER::url }
sub ca_file ($self) { return MCPTest::TLS::files()->{ca} }

# The issuer identifier: exactly what tokens say in iss.
sub issuer ($self)    { return $self->url . ($self->{path} // '') }
sub jwks_path ($self) { return ($self->{path} // '') =~ s{/\z}{}r . '/jwks' }
sub jwks_uri ($self)  { return $self->url . $self->jwks_path }

sub introspection_path ($self)     { return ($self->{path} // '') =~ s{/\z}{}r . '/introspect' }
sub introspection_endpoint ($self) { return $self->url . $self->introspection_path }

# The path of one form of the metadata (RFC 8414 3, 5; OpenID Connect Discovery 4).
sub metadata_path ($self, $form) {
    my $path = ($self->{path} // '') =~ s{/\z}{}r;
    return "/.well-known/oauth-authorization-server$path" if $form eq 'oauth';
    return "/.well-known/openid-configuration$path"       if $form eq 'oidc_insert';
    return "$path/.well-known/openid-configuration";
}

# How often any form of the metadata was asked for.
sub metadata_count ($self) {
    my %path = map { $self->metadata_path($_) => 1 } qw(oauth oidc_insert oidc_append);
    return scalar grep { $path{ $_->{path} } } $self->requests;
}

# A MCPTest::Key or a JWK hash each.
sub keys ($self, @keys) {
    $self->state(jwks => { keys => [ map { ref $_ eq 'HASH' ? $_ : $_->jwk } @keys ] });
    return;
}

sub forms ($self, @forms) { $self->state(forms => \@forms); return }

# Dies of a name that nobody knows: the test would see an answer, but not that of its case.
sub behave ($self, %how) {
    for my $what (CORE::keys %how) {
        die "nothing of the name $what behaves" if !$BEHAVES{$what};
        die "no such behaviour: $how{$what}" if defined $how{$what} && !ref $how{$what} && !is_known($how{$what});
    }
    $self->state(behave => { %{ $self->state->{behave} }, %how });
    return;
}

# A fixed reply for any path; undef ends it.
sub reply ($self, $path, $reply) {
    $self->state(replies => { %{ $self->state->{replies} }, $path => $reply });
    return;
}

# What is answered for each token from now on; tokens of before are forgotten.
sub tokens ($self, $answers) {
    keep_secret(CORE::keys %$answers);
    $self->state(tokens => $answers);
    return;
}

# Who may introspect from now on; without arguments it is anybody again.
sub client ($self, %client) {
    $client{key} = $client{key}->data if $client{key};
    keep_secret($client{secret});
    $self->state(client => %client ? { aud => [ $self->issuer ], %client } : undef);
    return;
}

sub asked ($self, $token = undef) {
    my @asked = $self->requests($self->introspection_path);
    return scalar grep { !defined $token || (($_->{form} // {})->{token} // '') eq $token } @asked;
}

sub refusals ($self) { return grep { defined } map { $_->{refused} } $self->requests($self->introspection_path) }

sub peak ($self, $path) { return $self->_shared(busy => sub ($busy) { $busy->{$path}{peak} }) // 0 }

# Nobody is at work on anything when the server begins to listen.
sub up ($self) {
    return if $self->{pid};
    $self->_shared(busy => sub ($busy) { $_->{now} = 0 for values %$busy });
    $self->{tls_port} //= free_port() if $self->{tls};    # the document names it
    $self->SUPER::up;
    $self->{front} = $self->_front if $self->{tls};
    return;
}

# The front is stopped second: nothing holds its requests any more.
sub down ($self) {
    $self->SUPER::down;
    my $front = delete $self->{front};
    $front->stop if $front;
    return;
}

# What ends TLS. It keeps no connection to the server behind.
sub _front ($self) {
    my %ports = (1 => free_port(), 2 => $self->{tls_port});
    my $tls   = MCPTest::TLS::directives('localhost', $self->{tls});
    my $front = MCPTest::Httpd->start(module => 0, tls => 1, mpm => 'event', ports => \%ports, conf => <<"END");
SSLSessionCache none
Listen 127.0.0.1:\@PORT2\@ https
<VirtualHost 127.0.0.1:\@PORT2\@>
$tls
ProxyPass / http://127.0.0.1:$self->{port}/ retry=0 disablereuse=On
ProxyPreserveHost On
ProxyTimeout 60
</VirtualHost>
END
    die "port $self->{tls_port} is taken" if $front->port(2) != $self->{tls_port};
    return $front;
}

sub clear ($self) {
    $self->_shared(busy => sub ($busy) { $_->{peak} = $_->{now} for values %$busy });
    return $self->SUPER::clear;
}

sub serve ($self, $socket) {
    my $reader = MCPTest::Reader->new($socket, 60);
    while (my $request = read_request($reader)) {
        if ($request->{path} eq '/_control') {
            $self->state(%{ json_data($request->{body}) });
            send_reply($socket, $request, { status => 204 }) or last;
            next;
        }
        $self->_work($socket, $request) or last;
    }
    return;
}

# Records and answers one request; true when the connection can be used again.
sub _work ($self, $socket, $request) {
    my $path = $request->{path};
    $self->_shared(busy => sub ($busy) {
        my $at = $busy->{$path} //= { now => 0, peak => 0 };
        $at->{now}++;
        $at->{peak} = $at->{now} if $at->{now} > $at->{peak};
    });
    my $again = eval {
        my $reply = $self->answer($request);
        $self->record($request);
        send_reply($socket, $request, $reply);
    };
    my $why = $@;
    $self->_shared(busy => sub ($busy) { $busy->{$path}{now}-- });
    die $why if $why;
    return $again;
}

sub answer ($self, $request) {
    my $state = $self->state;
    my $path  = $request->{path};
    return $state->{replies}{$path} if $state->{replies}{$path};
    return behaviour($state, $state->{jwks}, 'jwks') if $path eq $self->jwks_path;
    return $self->_introspection($state, $request) if $path eq $self->introspection_path;
    for my $form (@{ $state->{forms} }) {
        next if $path ne $self->metadata_path($form);
        return behaviour($state, $self->document($state), $form, 'metadata');
    }
    return { status => 404, json => { error => 'not_found' } };
}

# RFC 7662 2.2 and 2.3. Notes the form and a refusal in the request.
sub _introspection ($self, $state, $request) {
    $request->{form} = eval { form_of($request) };
    if (!$request->{form}) {
        $request->{refused} = $@ =~ s/\n.*//sr;
        return { status => 400, json => { error => 'invalid_request' } };
    }
    my $seen = sub ($jti) { $self->_shared(jti => sub ($known) { $known->{$jti}++ }) };
    $request->{refused} = refusal($state->{client}, $request, $request->{form}, $seen) if $state->{client};
    if (defined $request->{refused}) {
        my @field = [ 'WWW-Authenticate', 'Basic realm="introspection"' ];
        return { status => 401, headers => \@field, json => { error => 'invalid_client' } };
    }
    my $says  = $state->{tokens}{ $request->{form}{token} } // { active => \0 };
    my $delay = ref $says eq 'HASH' ? delete $says->{_delay} : undef;
    my $reply = behaviour($state, $says, 'introspect');
    return defined $delay ? { %$reply, delay => $delay } : $reply;
}

# The metadata document; metadata => {...} of start adds and overrides, a null takes a member out.
sub document ($self, $state) {
    my $base = $self->issuer;
    my %doc  = (
        issuer                                => $base,
        authorization_endpoint                => "$base/authorize",
        token_endpoint                        => "$base/token",
        registration_endpoint                 => "$base/register",
        jwks_uri                              => $self->jwks_uri,
        introspection_endpoint                => $self->introspection_endpoint,
        response_types_supported              => ['code'],
        grant_types_supported                 => [ 'authorization_code', 'refresh_token' ],
        code_challenge_methods_supported      => ['S256'],
        token_endpoint_auth_methods_supported => ['none'],
        %{ $state->{metadata} },
    );
    delete @doc{ grep { !defined $doc{$_} } CORE::keys %doc };
    return \%doc;
}

# The reply for the first of the names that has a behaviour.
sub behaviour ($state, $document, @names) {
    my ($how) = grep { defined } map { $state->{behave}{$_} } @names;
    $how //= 'ok';
    return $how if ref $how;
    return reply_for($how, $document);
}

# Data that all processes of the server share, under a lock: $use gets the hash, may change it, and what it returns is
# returned.
sub _shared ($self, $name, $use) {
    open my $fh, '+>>', "$self->{dir}/$name.json" or die "$name: $!";
    flock $fh, LOCK_EX or die "flock: $!";
    seek $fh, 0, 0;
    local $/;
    my $text = readline($fh) // '';
    my $data = $text eq '' ? {} : json_data($text);
    my $got  = $use->($data);
    truncate $fh, 0 or die "truncate: $!";
    print {$fh} json_text($data);
    close $fh or die "close: $!";
    return $got;
}

1;
