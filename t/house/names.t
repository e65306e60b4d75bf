#!/usr/bin/perl
# Names, sizes and first lines: what STYLE says of every file, counted.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;

use File::Basename qw(basename dirname);
use House;
use Test::More;

my @sources = files('mod_auth_mcp.c', 'src/*/*.[ch]');
my @headers = grep { /\.h$/ } @sources;

# Files and functions.
my (@long_files, @long_functions, @rather_long, @many_parameters, @lengths);
for my $file (@sources) {
    my @lines = split /\n/, code($file), -1;
    my ($start, $name) = (undef, '');

    push @long_files, "$file: $#lines lines" if $#lines > 400;
    for my $n (0 .. $#lines) {
        if ($lines[$n] eq '{' && $n > 0) {
            # a definition's head may be on several lines, the first of which starts at the margin
            my $head = $n - 1;
            $head-- while $head > 0 && $lines[$head] =~ /^\s/;
            my $text = join ' ', @lines[ $head .. $n - 1 ];
            ($name) = $text =~ /(\w+)\s*\(/ or next;
            $start = $n;
            my ($parameters) = $text =~ /\((.*)\)/;
            my $count = () = ($parameters // '') =~ /,/g;
            push @many_parameters, "$file: $name has " . ($count + 1) if $count >= 5;
        } elsif ($lines[$n] eq '}' && defined $start) {
            my $length = $n - $start + 1;
            push @lengths, $length;
            push @long_functions, "$file: $name has $length lines" if $length > 60;
            push @rather_long, "$file: $name has $length lines" if $length > 40 && $length <= 60;
            undef $start;
        }
    }
}
ok(@lengths > 200, scalar(@lengths) . ' functions were looked at');
is_deeply(\@long_files, [], 'no file has more than 400 lines');
is_deeply(\@long_functions, [], 'no function has more than 60 lines');
is_deeply(\@many_parameters, [], 'no function has more than five parameters');
my @sorted = sort { $a <=> $b } @lengths;
my $p95 = $sorted[ int(0.95 * @sorted) ];
ok($p95 <= 40, "19 of 20 functions have at most 40 lines: $p95");
diag("longer than 40 lines: $_") for @rather_long;

# Headers.
for my $header (@headers) {
    my $name = basename($header);
    my $text = slurp($header);

    like($text, qr{\A/\* \Q$name\E - \S}, "$header opens by saying what it knows");
    (my $guard = uc $name) =~ s/\W/_/g;
    like($text, qr/^#ifndef MCP_$guard\n#define MCP_$guard\n/m, "$header has its guard");
}

# Externs: declared in a header, and named after it. The handlers of directives are named after their directive instead.
my %prefix_of = ('src/httpd/cmds.h' => qr/^mcp_cmds?_/);
for my $header (@headers) {
    (my $stem = basename($header)) =~ s/\.h$//;
    my $prefix = $prefix_of{$header} || qr/^mcp_${stem}(?:_|$)/;
    my $code = code($header);
    my @wrong;

    while ($code =~ /^(?!static|typedef|#|\s|\})[\w \*]*?\b(\w+)(?:\(|\[)/mg) {
        my $name = $1;
        push @wrong, $name if $name !~ $prefix && $name !~ /^[A-Z_]+$/ && $name ne 'AP_MODULE_DECLARE_DATA';
    }
    while ($code =~ /^static inline [\w \*]*?\b(\w+)\(/mg) {
        push @wrong, $1 if $1 !~ $prefix;
    }
    while ($code =~ /^(?:\}|typedef\b.*?)\s*(\w+);$/mg) {
        my $name = $1;
        push @wrong, "type $name" if $name !~ /^mcp_\w+_t$/;
    }
    is_deeply(\@wrong, [], "$header: names begin with the file's");
}
my @undeclared;
for my $room (qw(core io httpd)) {
    for my $object (objects($room)) {
        for my $line (tool('nm', '-g', '--defined-only', $object)) {
            my ($name) = $line =~ /^[0-9a-f]+ [TDRBV] (\w+)$/ or next;
            push @undeclared, basename($object) . ": $name" if $name !~ /^mcp_/;
        }
    }
}
is_deeply(\@undeclared, [], 'whatever another file can see begins with mcp_');

# No leftovers, in anything that is shipped.
my @left;
for my $file (grep { -f } files('*', '.ci/*', 'src/*/*', 'docs/*', 'conf-examples/*', 'demo/*', 'demo/lib/*/*', 't/*/*', 't/lib/*/*')) {
    next if $file =~ m{^t/house/names\.t$|package-lock\.json$|^t/node/node_modules};
    my $n = 0;
    for my $line (split /\n/, slurp($file)) {
        $n++;
        push @left, "$file:$n" if $line =~ /\b(?:TODO|FIXME|XXX|HACK)\b/;
    }
}
is_deeply(\@left, [], 'nothing is left to do');

done_testing;
