from conversations.review.recording import acting


class RecordedAdmin:
    """What is changed here about who may review whom goes into the access log in the name of the
    person who changes it, in the transaction that makes the change."""

    def changeform_view(self, request, *args, **kwargs):
        with acting(request):
            return super().changeform_view(request, *args, **kwargs)

    def delete_view(self, request, *args, **kwargs):
        with acting(request):
            return super().delete_view(request, *args, **kwargs)

    def changelist_view(self, request, *args, **kwargs):
        with acting(request):
            return super().changelist_view(request, *args, **kwargs)
