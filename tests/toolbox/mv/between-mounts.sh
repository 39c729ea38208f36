# /tmp is another mount: modes, links and trees survive the copy.
place=$(mktemp -d)
mkdir -p t/u && echo 1 > t/u/f && chmod 751 t/u/f && ln -s u/f t/l
mv t "$place/t" && ls && stat -c %a "$place/t/u/f" && readlink "$place/t/l"
mv "$place/t" back && cat back/u/f && stat -c %a back/u/f
rmdir "$place"
