printf abc > f
for c in md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum base32 base64; do $c f; done
sha256sum f > s; sha256sum -c s; echo x >> f; sha256sum -c s 2>/dev/null; echo $?; base64 -d <<< aGk=; echo; echo hi | base64 -w0; echo; head -c 100 /dev/zero | base64; printf abc | md5sum | cut -c1-8; sha256sum nofile 2>&1; echo $?
