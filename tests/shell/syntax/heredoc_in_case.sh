case a in
a) cat <<E
in case
E
;;
esac
if true; then cat <<E
in if
E
fi
