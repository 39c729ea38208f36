touch f && mkdir d
for mode in 644 +x u=rwx,go=rx a-w 600 u+x,g+r go= 755 -x =r; do
    chmod -- "$mode" f && stat -c '%a %A' f
done
chmod 640 f; chmod -v g+w f; chmod -c g+w f
touch d/x; chmod -R a=rX d; stat -c '%a' d d/x; chmod -R u+w d
chmod 999 f 2>/dev/null; echo $?
chmod +x nofile 2>&1; echo $?
printf '#!/bin/sh\necho ran\n' > s.sh; ./s.sh 2>/dev/null; echo $?; chmod +x s.sh; ./s.sh
test -x s.sh && echo executable; test -x f || echo not
ls -l s.sh | cut -c1-10
